/** What real drivers were seen to do and no capability has a word for. (spec: stateful-and-deltacloud 2.2 and 6.) */
export const quirkMeanings = {
  stopReboots: 'asked to turn an instance off, it restarts the guest and says that all went well',
  losesErrors: 'what fails after it was accepted is forgotten, and so is why',
} as const
export type Quirk = keyof typeof quirkMeanings
