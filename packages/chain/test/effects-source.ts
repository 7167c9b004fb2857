/** The source of state/machine/effects.ts: a line for each file of state/messages. */
import { readdirSync, readFileSync } from 'node:fs'

const HEAD = `/**
 * What each message does and lays claim to, by its name. Printed from the files of ../messages by packages/chain/test/print-effects.ts: a new
 * message does not have to be written into another list than that of the protocol. The compiler says which one lacks an effect.
 */
import type { MessageBodies, Transaction, TransactionName } from '@granary/protocol/messages'
`

const TABLE = `import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'

const effects: { readonly [N in TransactionName]: Effect<N> } = {
`

const CLAIMS = `}

export const claims: { readonly [N in TransactionName]?: Claims<N> } = {
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

const FOLDER = new URL('../src/state/messages/', import.meta.url)
/** An item of a block that no account sends; the state machine knows it by itself. */
const NO_TRANSACTION = 'beacon-entry.ts'

export function effectsSource(): string {
  const files = readdirSync(FOLDER)
    .filter((file) => file !== NO_TRANSACTION)
    .sort()
  const messages = files.map((file) => {
    const effect = nameOf(file)
    const claims = `${effect}Claims`
    const hasClaims = readFileSync(new URL(file, FOLDER), 'utf8').includes(`export const ${claims}:`)
    return { file, name: effect[0]!.toUpperCase() + effect.slice(1), effect, claims: hasClaims ? claims : undefined }
  })
  const imports = messages.map(({ file, effect, claims }) => {
    const names = claims === undefined ? [effect] : [effect, claims]
    return `import { ${names.join(', ')} } from '../messages/${file}'\n`
  })
  const effects = messages.map(({ name, effect }) => `  ${name}: ${effect},\n`)
  const claimed = messages.flatMap(({ name, claims }) => (claims === undefined ? [] : `  ${name}: ${claims},\n`))
  return [HEAD, ...imports, TABLE, ...effects, CLAIMS, ...claimed, FOOT].join('')
}

function nameOf(file: string): string {
  return file.replace(/\.ts$/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
