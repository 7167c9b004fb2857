/** How wide a line may be: COLUMNS, else the terminal's width; where there is neither, as wide as it is. */
import type { ProgramContext } from '../program-context.ts'

const COLUMNS_MIN = 20

export function columnsOf(stream: NodeJS.WritableStream, env: ProgramContext['env']): number {
  const asked = /^\d{1,5}$/.test(env.COLUMNS ?? '') ? Number(env.COLUMNS) : 0
  const { columns } = stream as Partial<NodeJS.WriteStream>
  const found = asked || columns || Number.POSITIVE_INFINITY
  return Math.max(found, COLUMNS_MIN)
}
