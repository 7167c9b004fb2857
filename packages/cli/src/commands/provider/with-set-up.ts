/** What `init` says and `run` may say on the way: which chain, which sectors, which name. */
import { type Command, Option } from 'commander'
import {
  CHAIN_URL_DEFAULT,
  type HomeOptions,
  type JsonOptions,
  type PassphraseOptions,
  withHome,
  withPassphrase,
} from '../../options.ts'

export interface SetUpOptions extends HomeOptions, PassphraseOptions, JsonOptions {
  readonly chain?: string
  readonly profile?: string
  readonly name?: string
}

export function withSetUp(command: Command): Command {
  return withPassphrase(withHome(command))
    .addOption(
      new Option(
        '--chain <url>',
        `address of a chain node (default: the configured one, else ${CHAIN_URL_DEFAULT})`,
      ).env('GRANARY_CHAIN'),
    )
    .option(
      '--profile <name>',
      'size of its sectors (default: the smallest that the chain takes; of a devnet 8MiB-dev)',
    )
    .option('--name <name>', 'what clients see')
}
