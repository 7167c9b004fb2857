/** GET of what the validators vote on, and by which rules blocks are made. */
import { getGovernance, getProposal, listProposals } from '@granary/protocol/chain-api'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import { governanceView, proposalView, proposalViews, RULES_KNOWN } from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError } from '../errors.ts'
import { cursor } from './cursor.ts'

export interface GovernanceRoutesParts {
  readonly store: Store
  readonly rulesKnown?: number
}

export function governanceRoutes({
  store,
  rulesKnown = RULES_KNOWN,
}: GovernanceRoutesParts): ServedOperation<NodeOperation>[] {
  const { reader } = store
  const height = () => store.head()?.height ?? 0
  return [
    serve(getGovernance, () => ({ height: height(), ...governanceView(reader, rulesKnown) })),
    serve(listProposals, ({ query: { after, limit } }) => {
      const views = proposalViews(reader, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, ({ id }) => id) }
    }),
    serve(getProposal, ({ params: { id } }) => {
      const view = proposalView(reader, id)
      if (view === undefined) throw new NotFoundError('PROPOSAL_NOT_FOUND', String(id), 'GET /v1/proposals lists them')
      return { height: height(), ...view }
    }),
  ]
}
