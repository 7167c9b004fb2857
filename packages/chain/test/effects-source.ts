/** The source of state/machine/effects.ts: a line for each file of state/messages. */
import { readdirSync } from 'node:fs'

const HEAD = `/**
 * What each message does, by its name. Printed from the files of ../messages by packages/chain/test/print-effects.ts: a new
 * message does not have to be written into another list than that of the protocol. The compiler says which one lacks an effect.
 */
import type { MessageBodies, Transaction, TransactionName } from '@granary/protocol/messages'
`

const TABLE = `import type { Effect, TxContext } from '../store/context.ts'

const effects: { readonly [N in TransactionName]: Effect<MessageBodies[N]> } = {
`

const FOOT = `}

/** @throws TxError */
export function applyMessage<N extends TransactionName>(
  context: TxContext,
  { kind, body }: Pick<Transaction<N>, 'kind' | 'body'> & { kind: N; body: MessageBodies[N] },
): void {
  effects[kind](context, body)
}
`

/** An item of a block that no account sends; the state machine knows it by itself. */
const NO_TRANSACTION = 'beacon-entry.ts'

export function effectsSource(): string {
  const files = readdirSync(new URL('../src/state/messages/', import.meta.url))
    .filter((file) => file !== NO_TRANSACTION)
    .sort()
  const effects = files.map((file) => ({ file, name: nameOf(file) }))
  const imports = effects.map(({ file, name }) => `import { ${name} } from '../messages/${file}'\n`)
  const entries = effects.map(({ name }) => `  ${name[0]!.toUpperCase()}${name.slice(1)}: ${name},\n`)
  return [HEAD, ...imports, TABLE, ...entries, FOOT].join('')
}

function nameOf(file: string): string {
  return file.replace(/\.ts$/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
