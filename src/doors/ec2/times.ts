/** Times, as filters find them. (spec: ec2 11.4) */

/**
 * A time as it is shown, and to the second: many clients keep no more of what they were shown, and look for that.
 * @param at ms since 1970
 */
export const moments = (at: number | undefined): readonly Date[] =>
  at === undefined ? [] : [new Date(at), new Date(Math.floor(at / 1000) * 1000)]
