/** Tags as responses show them: no element at all without any. (spec: ec2 9) */
export function tagSet(
  tags: Readonly<Record<string, string>> = {},
): readonly { readonly key: string; readonly value: string }[] | undefined {
  const set = Object.entries(tags).map(([key, value]) => ({ key, value }))
  return set.length ? set : undefined
}
