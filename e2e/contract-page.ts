/**
 * A client in a page whose account is in a wallet, for the contract of the client: client-in-page.slow.test.ts opens this in a real
 * browser.
 */
import type { PutOptions } from '@granary/client'
import { createGranary, type WalletProvider, walletAccount } from '@granary/client/browser'
import { memorySink } from '@granary/client/memory'

export interface ClientInput {
  readonly chain: string
}

/** What a wallet is asked, and its answer: an error comes out of its window as what it says. */
export type WalletCall = Parameters<WalletProvider['request']>[0]
export type WalletAnswer = { readonly value: unknown } | { readonly code: unknown; readonly message: string }

/** attoGRN: more than any of these puts takes. */
const SPENDING_LIMIT = 10n ** 24n

/** An error's class does not come out of a page: what it says does. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly error: { readonly message: string; readonly code: unknown; readonly retryable: unknown } }

/** What the test has put into the window. */
declare function askWallet(call: WalletCall): Promise<WalletAnswer>
declare function told(progress: unknown): Promise<void>

export async function put(
  input: ClientInput,
  source: string | 'the chosen file',
  options: Omit<PutOptions, 'signal' | 'onProgress'>,
): Promise<Answer<Awaited<ReturnType<ReturnType<typeof createGranary>['put']>>>> {
  const bytes = source === 'the chosen file' ? chosenFile() : fromBase64(source)
  // In the order in which they happen: a call into the test is its own round trip.
  let telling = Promise.resolve()
  const onProgress = (progress: unknown) => {
    telling = telling.then(() => told(progress))
  }
  return await answered(async () => {
    const result = await (await clientOf(input)).put(bytes, { ...options, onProgress })
    await telling
    return result
  })
}

export async function get(input: ClientInput, rootCid: string): Promise<Answer<string>> {
  return await answered(async () => {
    const sink = memorySink()
    await (await clientOf(input)).save(rootCid, sink)
    return toBase64(new Uint8Array(await sink.blob().arrayBuffer()))
  })
}

const wallet: WalletProvider = {
  async request(call) {
    const answer = await askWallet(call)
    if ('value' in answer) return answer.value
    throw Object.assign(new Error(answer.message), { code: answer.code })
  },
}

/** Asks the wallet, if it has to be asked at all. @returns the key of the page */
export async function openAccount({ chain }: ClientInput): Promise<Answer<string>> {
  return await answered(async () => (await walletAccount({ chain, wallet, spendingLimit: SPENDING_LIMIT })).sessionKey)
}

async function clientOf({ chain }: ClientInput) {
  const account = await walletAccount({ chain, wallet, spendingLimit: SPENDING_LIMIT })
  return createGranary({ chain, account })
}

/** Of the page's field for files; there is one with the first call, so that a test can choose a file in it. */
export function chosenFile(): File {
  const [file] = document.querySelector('input')?.files ?? []
  if (file === undefined) throw new Error('no file is chosen')
  return file
}

export function showField(): void {
  document.body.append(Object.assign(document.createElement('input'), { type: 'file' }))
}

async function answered<T>(run: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await run() }
  } catch (error) {
    const { message, code, retryable } = error as { message: string; code?: unknown; retryable?: unknown }
    return { error: { message, code, retryable } }
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

function toBase64(bytes: Uint8Array): string {
  const parts = Array.from({ length: Math.ceil(bytes.length / 0x8000) }, (_, part) =>
    String.fromCharCode(...bytes.subarray(part * 0x8000, (part + 1) * 0x8000)),
  )
  return btoa(parts.join(''))
}
