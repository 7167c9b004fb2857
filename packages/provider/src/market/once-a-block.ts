/** What the chain says changes with a block: hundreds who ask in one are told what the first was told. */

/**
 * @param block the height at this moment; undefined where the next block may have come unheard: then it is asked each time
 * @returns `ask`, whose answer holds for a block, and for all who wait for it together
 */
export function onceABlock<Answer>(ask: () => Promise<Answer>, block: () => number | undefined): () => Promise<Answer> {
  let known: { readonly block: number; readonly answer: Promise<Answer> } | undefined
  return () => {
    const now = block()
    if (now === undefined) return ask()
    if (known?.block === now) return known.answer
    const asked = { block: now, answer: ask() }
    known = asked
    asked.answer.catch(() => {
      if (known === asked) known = undefined
    })
    return asked.answer
  }
}
