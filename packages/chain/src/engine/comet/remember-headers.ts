/** Proofs of one state have one header: CometBFT is asked for it once. */
import type { SignedBytes } from '@granary/protocol/header'

type AskHeader = (height: number) => Promise<SignedBytes | undefined>

const REMEMBERED_MAX = 16

export function rememberHeaders(ask: AskHeader): AskHeader {
  const asked = new Map<number, Promise<SignedBytes | undefined>>()

  async function askAgainUnlessFound(height: number): Promise<SignedBytes | undefined> {
    let found: SignedBytes | undefined
    try {
      found = await ask(height)
      return found
    } finally {
      if (found === undefined) asked.delete(height)
    }
  }

  return (height) => {
    const known = asked.get(height)
    if (known !== undefined) return known
    const answer = askAgainUnlessFound(height)
    asked.set(height, answer)
    const [oldest] = asked.keys()
    if (asked.size > REMEMBERED_MAX) asked.delete(oldest!)
    return answer
  }
}
