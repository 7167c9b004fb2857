/** granary wallet import: a key from elsewhere, never from the command line: arguments are seen by all, and are kept. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { standardInput } from '../../standard-input.ts'
import { UsageError } from '../../usage-error.ts'
import { looksLikeKey } from './looks-like-key.ts'
import { keystorePath, type WalletOptions, withWallet } from './wallet-options.ts'

interface ImportOptions extends WalletOptions {
  readonly fromPassphraseFile?: string
}

const INPUT_BYTES_MAX = 64 * 1024
const RAW_KEY = /^(?:0x)?[0-9a-fA-F]{64}$/

export function addImport(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('import'))
    .description(
      'Bring a key: a keystore of any Ethereum wallet, or a raw private key, from a file, a pipe or the terminal.',
    )
    .argument('[file]', 'with the key; `-` for standard input (default: asked for on a terminal)')
    .option(
      '--from-passphrase-file <file>',
      'holds the passphrase of the keystore that is brought (default: asked for)',
    )
    .addHelpText('after', exitCodesHelp)
    .action((file: string | undefined, options: ImportOptions) => importKey(file, options, context))
}

async function importKey(file: string | undefined, options: ImportOptions, context: CommandContext): Promise<void> {
  if (file !== undefined && looksLikeKey(file) && (RAW_KEY.test(file) || !existsSync(file)))
    throw new UsageError(
      'a private key was given as an argument, where other programs see it and the shell remembers it',
      'take it as known to others: move its money to a new key; name a file, or give the key to standard input',
    )
  const [keys, { addressOf, formatAddress }, { interruptible }, { newPassphrase }, { printResult }] = await Promise.all(
    [
      import('@granary/chain/keystore'),
      import('@granary/protocol/messages'),
      import('../../interruptible.ts'),
      import('./find-passphrase.ts'),
      import('../../print/result.ts'),
    ],
  )
  const keystore = keystorePath(options)
  const address = await interruptible(async (signal) => {
    if (existsSync(keystore)) throw new keys.KeystoreExistsError(keystore)
    const key = await readImported(file, options, context, signal)
    const { passphrase, light } = await newPassphrase(options, context, signal)
    await keys.writeKey(keystore, key, passphrase, { light })
    return addressOf(key)
  })
  printResult(
    context,
    { address, keystore },
    {
      json: options.json ?? false,
      text: ({ address }) =>
        `${formatAddress(address)}\nits key is in ${keystore}, under the passphrase of this wallet`,
    },
  )
}

async function readImported(
  file: string | undefined,
  { fromPassphraseFile }: ImportOptions,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [{ openKey }, { ask, somebodyWatches }, { readPassphrase }] = await Promise.all([
    import('@granary/chain/keystore'),
    import('../../print/ask.ts'),
    import('../../passphrase.ts'),
  ])
  const isTyped = file === undefined && somebodyWatches(context)
  const name = file === undefined || file === '-' ? 'standard input' : file
  const text = isTyped
    ? await ask(context, 'Private key, 64 hex digits (not shown): ', { hidden: true, signal })
    : name === 'standard input'
      ? await readBounded(standardInput(context.stdin), name)
      : await readNamed(name, signal)
  if (!text.trimStart().startsWith('{')) return await rawKey(text, name)
  if (fromPassphraseFile !== undefined)
    return await openKey(name, text, await readPassphrase(fromPassphraseFile, signal))
  if (!somebodyWatches(context) || name === 'standard input')
    throw new UsageError('the keystore has a passphrase', 'name the file that holds it with --from-passphrase-file')
  return await openKey(name, text, await ask(context, `Passphrase of ${name} (not shown): `, { hidden: true, signal }))
}

/** What it was is not repeated: it may be a key with one digit too many. */
async function rawKey(text: string, name: string): Promise<Uint8Array> {
  const [{ fromHex }, { addressOf }] = await Promise.all([
    import('@granary/base'),
    import('@granary/protocol/messages'),
  ])
  const trimmed = text.trim()
  try {
    if (!RAW_KEY.test(trimmed)) throw new RangeError('not 64 hex digits')
    const key = fromHex(`0x${trimmed.replace(/^0x/, '').toLowerCase()}`)
    // Zero, and what is not below the order of the curve, are no keys.
    addressOf(key)
    return key
  } catch {
    throw new UsageError(
      `${name} holds no private key and no keystore`,
      'a private key is 64 hex digits, a keystore is JSON',
    )
  }
}

async function readBounded(stream: AsyncIterable<unknown>, name: string): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const part = Buffer.from(chunk as string | Uint8Array)
    bytes += part.length
    if (bytes > INPUT_BYTES_MAX) throw new UsageError(`${name} is too long for a key`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

async function readNamed(path: string, signal: AbortSignal): Promise<string> {
  const { NoSecretFileError, readSecretFile } = await import('@granary/chain/keystore')
  const { text } = await readSecretFile(path, { pipes: true, signal }).catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted()
    const why = error instanceof NoSecretFileError ? error.message : error.code
    throw new UsageError(`${path} cannot be read: ${why}`, 'name a file with the key')
  })
  return text
}
