/**
 * The story of a deal as its provider tells it, entry by entry: docs/spec/market-protocol.md. The provider writes these, and
 * serves them as JSON and as server-sent events; a client parses them, and who reads one switches on its `type`.
 */
import * as z from 'zod/mini'
import { decimal, hash, natural } from '../json/forms.ts'

const common = {
  id: z.pipe(natural, z.transform(String)),
  /** Milliseconds since 1970, by the provider's clock. */
  atMs: natural,
}

function entry<T extends string, F extends z.core.$ZodShape>(type: T, fields: F) {
  return z.object({ ...common, type: z.literal(type), epoch: z.nullable(natural), ...fields })
}

/** What a block made happen: `epoch` is that block, or the epoch of the challenge that it is about. */
function dated<T extends string, F extends z.core.$ZodShape>(type: T, fields: F) {
  return z.object({ ...common, type: z.literal(type), epoch: natural, ...fields })
}

const sector = natural
const end = { sector: z.exactOptional(natural), reason: z.exactOptional(z.string()) }
const duration = z.number().check(z.minimum(0))

export const timelineEntry = z.discriminatedUnion('type', [
  dated('agreed', {}),
  /** Its agreement was read back from the client's signature, after the provider had lost its own books. */
  entry('adopted', {}),
  dated('published', { deal: natural }),
  /** The chain was restored from an older copy: the deal is again what it was before. */
  entry('rolled-back', { to: z.string() }),
  entry('sector-planned', { sector, pieces: natural }),
  entry('seal-started', { sector }),
  entry('seal-layer', { sector, layer: natural, layers: natural }),
  entry('sealed', { sector, commR: hash, seconds: duration }),
  dated('precommitted', { sector, tx: z.exactOptional(hash) }),
  entry('porep-sent', { sector, bytes: natural, proveMs: duration }),
  /** `verifyMs`: how long the chain's node took with it; `bytes`: of the proof. Unknown when the answer was lost. */
  dated('porep-accepted', {
    sector,
    bytes: z.exactOptional(natural),
    verifyMs: z.exactOptional(duration),
  }),
  entry('active', end),
  dated('challenged', { partition: natural, deadline: natural }),
  dated('post-accepted', { partition: natural, challengeEpoch: natural, bytes: natural }),
  dated('post-missed', { partition: natural }),
  /** What it has paid and burnt so far, in attoGRN. */
  dated('settled', { paid: decimal, burnt: decimal, provenEpochs: natural }),
  /** Its standing order has paid for more time. */
  dated('extended', { endsAt: natural }),
  entry('failed', { sector: z.exactOptional(natural), code: z.string(), message: z.string() }),
  entry('expired', end),
  entry('terminated', end),
  entry('lapsed', end),
  entry('cancelled', end),
  entry('offer-expired', end),
])

export type TimelineEntry = Readonly<z.output<typeof timelineEntry>>
/** As it is sent. */
export type TimelineEntryJson = Readonly<z.input<typeof timelineEntry>>
export type TimelineType = TimelineEntry['type']

type Data<E> = Readonly<Omit<E, 'id' | 'type' | 'atMs' | 'epoch'>>
type Written<E extends TimelineEntry> = E extends TimelineEntry
  ? { readonly type: E['type'] } & (null extends E['epoch']
      ? { readonly epoch?: number }
      : { readonly epoch: number }) &
      (object extends Data<E> ? { readonly data?: Data<E> } : { readonly data: Data<E> })
  : never
/** What happened, before it has a number and a time. */
export type TimelineEvent<T extends TimelineType = TimelineType> = Written<Extract<TimelineEntry, { type: T }>>
