/**
 * What an application answers CometBFT, as ABCI 2.0 names it (v0.38 to v0.40). The engine calls one after the other on a
 * connection, but for transactions that it offers: those are checked side by side and answered in their order.
 */
import type { Request, Response } from 'cosmjs-types/tendermint/abci/types'

type Answers = Omit<Request, 'echo' | 'flush'>

/** The calls of ABCI that are answered by the application; echo and flush are the connection's own. */
export type AbciCall = keyof Answers

export type AbciRequest<C extends AbciCall> = NonNullable<Request[C]>
export type AbciResponse<C extends AbciCall> = NonNullable<Response[C]>

/**
 * Whatever a call throws is answered as an exception, on which CometBFT stops: that is meant for what must never happen.
 * A transaction or a proposal that is not taken is an answer.
 */
export type AbciApplication = {
  readonly [C in AbciCall]: (request: AbciRequest<C>) => AbciResponse<C> | Promise<AbciResponse<C>>
}
