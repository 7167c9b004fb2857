/** All that the chain remembers, as the state machine reads and writes it. docs/spec/records.md has every table. */
import type { RecordTable } from '@granary/protocol/records'
import { recordTables } from '@granary/protocol/records'
import { type Table, table } from './table.ts'

type TableOf<R> = R extends RecordTable<infer K, infer T> ? Table<K, T> : never
type Tables = { readonly [N in keyof typeof recordTables]: TableOf<(typeof recordTables)[N]> }

export const tables: Tables = Object.fromEntries(
  Object.entries(recordTables).map(([name, of]) => [name, table(of as RecordTable<[], unknown>)]),
) as unknown as Tables
