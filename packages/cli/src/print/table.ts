/** Rows as a person reads them: columns as wide as their widest cell, or, where those do not fit, a block a row. */
import { padTo, widthOf } from './columns.ts'
import { formatFacts } from './facts.ts'
import { printable } from './printable.ts'

const GAP = '  '

export interface TableOptions {
  /** @default as wide as it is */
  readonly columns?: number
}

export function formatTable(
  head: readonly string[],
  given: readonly (readonly string[])[],
  { columns = Number.POSITIVE_INFINITY }: TableOptions = {},
): string {
  const rows = given.map((cells) => cells.map(printable))
  const widths = head.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(widthOf)))
  const needed = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (head.length - 1)
  if (needed > columns) return rows.map((row) => block(head, row, columns)).join('\n\n')
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => padTo(cell, widths[column] ?? 0))
      .join(GAP)
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}

/** `title  value`, a line each; cells without a value are left out, but for the first, which names the row. */
function block(head: readonly string[], row: readonly string[], columns: number): string {
  const said = head.flatMap((title, column) => {
    const cell = row[column] ?? ''
    return cell === '' && column > 0 ? [] : [[title, cell] as const]
  })
  return formatFacts(Object.fromEntries(said), { columns, nameWidth: Math.max(...head.map(widthOf)) })
}
