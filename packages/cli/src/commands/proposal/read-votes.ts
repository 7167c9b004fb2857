/** granary chain proposal list | show | params: what is voted on, and what may be. */
import {
  type GovernanceView,
  getGovernance,
  getProposal,
  listProposals,
  type ProposalView,
} from '@granary/protocol/chain-api'
import type { ChainClient, ChainStatus } from '@granary/protocol/client'
import { formatAddress } from '@granary/protocol/messages'
import { interruptible } from '../../interruptible.ts'
import { openChain } from '../../open-chain.ts'
import type { ChainOptions, HomeOptions, JsonOptions } from '../../options.ts'
import { formatAmount } from '../../print/amounts.ts'
import { formatFacts } from '../../print/facts.ts'
import { printable } from '../../print/printable.ts'
import { printResult } from '../../print/result.ts'
import { formatTable } from '../../print/table.ts'
import { formatEpoch, formatEpochs } from '../../print/times.ts'
import type { CommandContext } from '../../program-context.ts'

export interface ReadOptions extends HomeOptions, ChainOptions, JsonOptions {}

type Facts = Parameters<typeof formatFacts>[0]
type Params = Awaited<ReturnType<ChainClient['params']>>

/** Parameters in epochs: people read them as time. */
const TIMES = new Set(['dealDurationMin', 'dealDurationMax', 'activateWithinMin'])

const ENDS: Readonly<Record<ProposalView['end'], string>> = {
  none: '',
  quorum: 'fewer than a third voted',
  majority: 'too few said yes',
  changed: 'what it was to change had changed',
  bounds: 'it no longer fitted into the bounds',
  planned: 'another upgrade was planned',
}

export async function listVotes(options: ReadOptions, context: CommandContext): Promise<void> {
  const { found, status } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const { rules, upgrade } = await chain.ask(getGovernance, {}, { signal })
    const proposals: ProposalView[] = []
    for (let after: string | undefined; ; ) {
      const page = await chain.ask(listProposals, { query: { after } }, { signal })
      proposals.push(...page.items)
      if (page.next === null) break
      after = page.next
    }
    return { found: { rules, upgrade, proposals: proposals.toReversed() }, status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ rules, upgrade, proposals }, columns) => {
      const rows = proposals.map((each) => [`${each.id}`, each.title, standingOf(each, status)])
      const table =
        rows.length === 0 ? 'nothing was ever voted on' : formatTable(['id', 'title', ''], rows, { columns })
      return [table, '', formatFacts(rulesFacts({ rules, upgrade }, status), { columns })].join('\n')
    },
  })
}

export async function showVotes(id: number, options: ReadOptions, context: CommandContext): Promise<void> {
  const { found, params, status } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const [found, params] = await Promise.all([
      chain.ask(getProposal, { params: { id } }, { signal }),
      chain.params({ signal }),
    ])
    return { found, params, status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ title, link, steps, upgrade, ballots, ...proposal }, columns) => {
      const { yes, no, abstain, power } = proposal
      return formatFacts(
        {
          title: printable(title),
          ...(link === '' ? {} : { reasons: printable(link) }),
          ...(upgrade === null
            ? {}
            : {
                upgrade: `rules ${upgrade.rules} from ${formatEpoch(upgrade.height, status)} on${releaseText(upgrade)}`,
              }),
          ...(steps.length === 0
            ? {}
            : {
                changes: steps.map(
                  ({ name, from, to }) =>
                    `${name}: ${valueText(name, from, params, status)} → ${valueText(name, to, params, status)}`,
                ),
              }),
          state: standingOf(proposal, status),
          votes: `yes ${yes}, no ${no}, abstain ${abstain}, of ${power}`,
          ...(ballots.length === 0
            ? {}
            : {
                ballots: ballots.map(
                  (each) =>
                    `${formatAddress(each.owner as `0x${string}`)} (${each.power}): ${each.choice === 'none' ? 'nothing yet' : each.choice}`,
                ),
              }),
          'carried out': `in block ${proposal.executesAt}, if it is accepted: ${formatEpoch(proposal.executesAt, status)}`,
          proposer: formatAddress(proposal.proposer as `0x${string}`),
        },
        { columns },
      )
    },
  })
}

export async function listParams(options: ReadOptions, context: CommandContext): Promise<void> {
  const { found, params, status } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const [found, params] = await Promise.all([chain.ask(getGovernance, {}, { signal }), chain.params({ signal })])
    return { found, params, status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ params: governed, deposit, period, delay }, columns) => {
      const rows = governed.map(({ name, value, min, max, why }) => [
        name,
        ...[value, min, max].map((each) => valueText(name, each, params, status)),
        why,
      ])
      const facts = {
        'votes count for': formatEpochs(period, status),
        'carried out after': formatEpochs(delay, status),
        deposit: `${formatAmount(deposit)}, which comes back if a third votes`,
      }
      return [
        formatTable(['name', 'is', 'at least', 'at most', 'why'], rows, { columns }),
        '',
        formatFacts(facts, { columns }),
      ].join('\n')
    },
  })
}

function standingOf(
  { state, end, endsAt, executesAt }: Pick<ProposalView, 'state' | 'end' | 'endsAt' | 'executesAt'>,
  time: ChainStatus,
): string {
  if (state === 'voting') return `votes until ${formatEpoch(endsAt, time)}`
  if (state === 'accepted') return `accepted, counts from ${formatEpoch(executesAt, time)}`
  if (state === 'done') return `done, ${formatEpoch(executesAt, time)}`
  return `${state}: ${ENDS[end]}`
}

function rulesFacts({ rules, upgrade }: Pick<GovernanceView, 'rules' | 'upgrade'>, time: ChainStatus): Facts {
  const planned =
    upgrade && `rules ${upgrade.rules} from ${formatEpoch(upgrade.height, time)} on${releaseText(upgrade)}`
  return { rules, upgrade: planned ?? 'none is planned' }
}

function releaseText({ release }: { readonly release: string }): string {
  return release === '' ? '' : `, which ${printable(release)} knows`
}

function valueText(name: string, value: string, params: Params, time: ChainStatus): string {
  if (typeof (params as unknown as Record<string, unknown>)[name] === 'bigint') return formatAmount(value)
  return TIMES.has(name) ? formatEpochs(Number(value), time) : value
}
