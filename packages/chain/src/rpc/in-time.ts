/**
 * What the rules say of epochs, as people know time: the date beside the epoch, and the duration beside a number of them. The rules
 * themselves may not: what they say is the same on every node, and dates are an estimate by the head of this one.
 */
import { type ChainTime, formatEpochs, momentOf } from '@granary/protocol/epochs'

/** Of a refusal. */
export interface Words {
  readonly message?: string | undefined
  readonly hint?: string | undefined
}

export function inTime<W extends Words>(words: W, time: ChainTime): W {
  const { message, hint } = words
  return {
    ...words,
    ...(message === undefined ? {} : { message: withMoments(message, time) }),
    ...(hint === undefined ? {} : { hint: withMoments(hint, time) }),
  }
}

function withMoments(text: string, time: ChainTime): string {
  return text
    .replaceAll(/\b(epoch|this is|ends at|expires at) (\d+)\b/g, (_, words: string, epoch: string) =>
      words === 'epoch' ? momentOf(Number(epoch), time) : `${words} ${momentOf(Number(epoch), time)}`,
    )
    .replaceAll(/\b(\d+) epochs\b/g, (_, epochs: string) => formatEpochs(Number(epochs), time))
}
