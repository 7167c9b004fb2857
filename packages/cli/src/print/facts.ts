/** A flat result as a person reads it: a name and its value a line, lists one entry a line. */
import { padTo, widthOf, wrapTo } from './columns.ts'

export type Fact = string | number | readonly string[]

export interface FactsOptions {
  /** @default as wide as it is */
  readonly columns?: number
  /** Of the names, where several such results stand below each other. @default as wide as the widest */
  readonly nameWidth?: number
}

export function formatFacts(
  facts: { readonly [name: string]: Fact },
  { columns = Number.POSITIVE_INFINITY, nameWidth = Math.max(...Object.keys(facts).map(widthOf)) }: FactsOptions = {},
): string {
  const indent = ' '.repeat(nameWidth + 2)
  return Object.entries(facts)
    .flatMap(([name, fact]) =>
      [fact]
        .flat()
        .flatMap((value) => wrapTo(`${value}`, columns - indent.length))
        .map((line, i) => `${i === 0 ? padTo(name, indent.length) : indent}${line}`),
    )
    .join('\n')
}
