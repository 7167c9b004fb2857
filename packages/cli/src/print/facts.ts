/** A flat result as a person reads it: a name and its value a line, lists one entry a line. */
export type Fact = string | number | readonly string[]

export function formatFacts(facts: { readonly [name: string]: Fact }): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length))
  return Object.entries(facts)
    .flatMap(([name, fact]) => [fact].flat().map((value, i) => `${(i === 0 ? name : '').padEnd(width)}  ${value}`))
    .join('\n')
}
