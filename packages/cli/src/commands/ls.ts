/** granary ls CID[/path]: what is in a folder, a line an entry as it comes. */
import type { ListedEntry } from '@granary/client'
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type JsonOptions, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import { contentArgument, openContentChain, type RetrievalOptions, withRetrieval } from '../retrieval.ts'

interface LsOptions extends RetrievalOptions, JsonOptions {
  readonly long?: true
}

export function addLs(program: Command, context: CommandContext): void {
  const command = program
    .command('ls')
    .description('List what is in a folder: type, size, name; no key is needed.')
    .argument('<content>', contentArgument)
    .option('-l, --long', 'the CID of each entry too')
  withJson(withRetrieval(command))
    .addHelpText('after', exitCodesHelp)
    .action((content: string, options: LsOptions) => ls(content, options, context))
}

/** Wide enough for `1023.99 MiB`. */
const SIZE_WIDTH = 11

async function ls(content: string, options: LsOptions, context: CommandContext): Promise<void> {
  const [client, { patiently, restingAtFirst }, { printResult }, { printable }, { formatBytes }, { writeStdout }] =
    await Promise.all([
      import('@granary/client/node'),
      import('../print/patiently.ts'),
      import('../print/result.ts'),
      import('../print/printable.ts'),
      import('../print/quantities.ts'),
      import('../write-stdout.ts'),
    ])
  const line = ({ type, size, name, cid }: ListedEntry): string => {
    const bytes = (size === undefined ? '-' : formatBytes(size)).padStart(SIZE_WIDTH)
    return `${letters[type]} ${bytes}  ${options.long ? `${cid}  ` : ''}${printable(name)}${type === 'directory' ? '/' : ''}\n`
  }
  await patiently(context, async (signal, told) => {
    const chain = await openContentChain(options, signal)
    const ports = { chain, fetch, clock: client.systemClock }
    const entries = client.ls(ports, content, { signal, gateways: options.gateway })
    if (!options.json) return await writeStdout(context, restingAtFirst(encoded(entries, line), told))
    const all = await Array.fromAsync(entries)
    printResult(context, { entries: all }, { json: true, text: () => '' })
  })
}

async function* encoded(
  entries: AsyncIterable<ListedEntry>,
  line: (entry: ListedEntry) => string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const entry of entries) yield encoder.encode(line(entry))
}

/** As other programs that list files begin a line. */
const letters: Readonly<Record<ListedEntry['type'], string>> = { file: '-', directory: 'd', symlink: 'l', object: 'o' }
