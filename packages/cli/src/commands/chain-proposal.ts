/** granary chain proposal submit | vote | list | show | params: what the validators of a chain vote on. */
import { type Command, InvalidArgumentError } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { wholeNumber, withChain, withHome, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import type { ReadOptions } from './proposal/read-votes.ts'
import type { ParamValue, SubmitProposalOptions, VoteWord } from './proposal/send-votes.ts'
import { type SpendOptions, withWalletSpending } from './wallet/wallet-options.ts'

const NUMBER_MAX = 2 ** 48
const WORDS = ['yes', 'no', 'abstain']

export function addChainProposal(chain: Command, context: CommandContext): void {
  const proposal = chain
    .command('proposal')
    .description('What the validators vote on: parameters within bounds, and upgrades at a height.')
  const submit = proposal
    .command('submit')
    .description('Put it to the vote, as the owner of a validator; the deposit comes back if a third votes.')
    .requiredOption('--title <text>', 'what it is about, in at most 128 bytes')
    .option('--link <address>', 'where the reasons stand')
    .option(
      '--set <name=value>',
      'a parameter and what it is to be, such as accountFee=0.002GRN; once for each',
      values,
    )
    .option('--upgrade-at <block>', 'the first block that needs new rules', wholeNumber(1, NUMBER_MAX))
    .option('--rules <number>', 'of these rules (default: the next)', wholeNumber(1, 2 ** 32 - 1))
    .option('--release <name>', 'the release that knows them, as operators look for it')
  finish(withWalletSpending(submit)).action(async (options: SubmitProposalOptions) =>
    (await import('./proposal/send-votes.ts')).submitProposal(options, context),
  )
  const vote = proposal
    .command('vote')
    .description('Say yes, no or abstain, as the owner of a validator; until the end the last word counts.')
    .argument('<id>', 'number of the proposal', wholeNumber(1, NUMBER_MAX))
    .argument('<choice>', WORDS.join(', '), word)
  finish(withWalletSpending(vote)).action(async (id: number, choice: VoteWord, options: SpendOptions) =>
    (await import('./proposal/send-votes.ts')).castVote(id, choice, options, context),
  )
  finish(reading(proposal.command('list')))
    .description('All proposals, the newest first, and the upgrade that is planned; no key is needed.')
    .action(async (options: ReadOptions) => (await import('./proposal/read-votes.ts')).listVotes(options, context))
  finish(reading(proposal.command('show')))
    .description('A proposal: what it would change, who has said what, and until when; no key is needed.')
    .argument('<id>', 'number of the proposal', wholeNumber(1, NUMBER_MAX))
    .action(async (id: number, options: ReadOptions) =>
      (await import('./proposal/read-votes.ts')).showVotes(id, options, context),
    )
  finish(reading(proposal.command('params')))
    .description('The parameters that a vote may change, what they are, and their bounds; no key is needed.')
    .action(async (options: ReadOptions) => (await import('./proposal/read-votes.ts')).listParams(options, context))
}

function reading(command: Command): Command {
  return withJson(withHome(withChain(command)))
}

function finish(command: Command): Command {
  return command.addHelpText('after', exitCodesHelp)
}

function values(text: string, before: readonly ParamValue[] = []): readonly ParamValue[] {
  const [, name = '', value = ''] = /^([A-Za-z]+)=(.+)$/.exec(text) ?? []
  if (name === '') throw new InvalidArgumentError('expected a name, an equals sign and a value.')
  return [...before, { name, value }]
}

function word(text: string): VoteWord {
  if (!WORDS.includes(text)) throw new InvalidArgumentError(`expected ${WORDS.join(', ')}.`)
  return text as VoteWord
}
