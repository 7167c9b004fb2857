/** granary devnet: a chain and providers on this machine, until Ctrl-C. */
import { profiles } from '@granary/proofs/profile'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type JsonOptions, wholeNumber, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'

const PROVIDERS_MAX = 16

interface DevnetOptions extends JsonOptions {
  readonly providers: number
  readonly home?: string
  readonly profile?: string
}

export function addDevnet(program: Command, context: CommandContext): void {
  const command = program
    .command('devnet')
    .description('Run a chain and providers on this machine, as separate processes on free ports, until Ctrl-C.')
    .addOption(new Option('--providers <n>', 'how many providers').argParser(wholeNumber(0, PROVIDERS_MAX)).default(1))
    .addOption(new Option('--profile <name>', 'size of their sectors').choices(Object.keys(profiles)))
    .option('--home <folder>', 'keep everything there (default: a temporary folder, removed at the end)')
  withJson(command, 'one line of JSON when everything is ready')
    .addHelpText('after', exitCodesHelp)
    .action((options: DevnetOptions) => devnet(options, context))
}

async function devnet(options: DevnetOptions, context: CommandContext): Promise<void> {
  const startMs = performance.now()
  const [
    { startDevnet },
    { whereIs },
    { commandHere },
    { fit },
    { columnsOf },
    { createStory },
    { untilStopped },
    { interruptible },
  ] = await Promise.all([
    import('../devnet/start-devnet.ts'),
    import('../devnet/where-is.ts'),
    import('../invocation.ts'),
    import('../print/columns.ts'),
    import('../print/columns-of.ts'),
    import('../print/story.ts'),
    import('../until-stopped.ts'),
    import('../interruptible.ts'),
  ])
  const { providers, profile, home, json = false } = options
  using story = await createStory({ stream: context.stderr, env: context.env, startMs })
  const running = new Set<string>()
  const net = await interruptible((signal) =>
    startDevnet({
      ...{ providers, profile, home, env: context.env, signal },
      onStarted: ({ name, url }) => {
        running.add(name)
        story.say(name, url)
      },
      // One provider's end is what a devnet is there to try out.
      onEnded: ({ name }, { how }) => {
        running.delete(name)
        story.say(name, `${how}; ${afterEnd(name, running.size - 1)}`, 'red')
      },
    }),
  )
  story.rest()
  const stopped = untilStopped({ withParent: false, stdin: context.stdin })
  const { network = null } = net
  // Nobody stores on a chain alone.
  const first =
    providers > 0
      ? { command: `granary put FILE${whereIs(net, context)}`, does: 'puts a file on it' }
      : { command: `granary provider init --chain ${net.chain.url}`, does: 'sets up a provider for it' }
  const facts = { url: net.chain.url, network, providers: net.providers.map(({ url }) => url), home: net.home }
  context.stdout.write(
    json
      ? `${JSON.stringify({ event: 'ready', role: 'devnet', ...facts })}\n`
      : `${commandHere(first.command, context)}\n`,
  )
  if (!json)
    context.stderr.write(
      `${fit(`The devnet is ready; the line above ${first.does}. Ctrl-C stops it${net.temporary ? ' and removes its folder' : ''}.`, columnsOf(context.stderr, context.env))}\n`,
    )
  const end = await Promise.race([stopped, net.chain.ended])
  await net.stop()
  if (typeof end !== 'string') throw end
}

function afterEnd(name: string, providers: number): string {
  if (name === 'chain') return 'nothing goes on without it, so the devnet stops'
  return providers === 0 ? 'the chain goes on, and no provider is left' : 'the others go on'
}
