/** A source's files as a tree to be imported. Apart from what makes a source: a page that puts nothing does not load it. */
import { type Tree, treeOfFiles } from '@granary/content'
import { chunksOf } from '@granary/protocol/client'
import { BYTES_HINT, type Content, type ContentSource, SourceInvalidError } from './content-source.ts'

/** @param chunks of a file, by its content: once a file, in the order of `files` @throws SourceInvalidError SOURCE_INVALID */
export function contentTree(
  { name, files }: ContentSource,
  chunks: (content: Content) => AsyncIterable<Uint8Array> = chunksOfContent,
): Tree {
  const [only] = files
  if (only?.path === '') return { kind: 'file', content: () => checked(name, only.content, chunks) }
  return treeOfFiles(files.map(({ path, content }) => ({ path, content: () => checked(name, content, chunks) })))
}

/** Ends with the signal also while a stream gives nothing, which it may do for ever. */
export async function* chunksOfContent(content: Content, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else if (content instanceof Blob) yield* chunksOf(content.stream())
  else yield* untilAborted('getReader' in content ? chunksOf(content) : content, signal)
}

async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  if (signal === undefined) return yield* items
  const iterator = items[Symbol.asyncIterator]()
  // A promise for each item: one for all would keep something of each of them.
  const next = (): Promise<IteratorResult<T>> =>
    new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort)
      const settled = () => signal.removeEventListener('abort', onAbort)
      Promise.resolve(iterator.next()).then(resolve, reject).finally(settled)
    })
  let isOver = false
  try {
    while (!isOver) {
      signal.throwIfAborted()
      const { done, value } = await next()
      isOver = done === true
      if (!isOver) yield value
    }
  } finally {
    // Not waited for: who is silent does not answer this either.
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

async function* checked(
  name: string,
  content: Content,
  chunks: (content: Content) => AsyncIterable<unknown>,
): AsyncGenerator<Uint8Array> {
  if (wasRead(content)) throw readBefore(name)
  let isEmpty = true
  for await (const chunk of chunks(content)) {
    if (!(chunk instanceof Uint8Array))
      throw new SourceInvalidError(name, `its stream gave ${typeof chunk} where bytes are needed`, BYTES_HINT)
    isEmpty = false
    yield chunk
  }
  // What a generator gives once more is nothing, and would be stored and paid for as an empty file.
  if (isEmpty && 'next' in content) throw readBefore(name)
}

function wasRead(content: Content): boolean {
  // Node's own streams say so; of a web stream a Response can not be made any more.
  if ('readableEnded' in content && 'destroyed' in content)
    return content.readableEnded === true || content.destroyed === true
  if (!('getReader' in content)) return false
  try {
    new Response(content)
    return false
  } catch {
    return true
  }
}

function readBefore(name: string): SourceInvalidError {
  const hint =
    'give a new one: a stream is read once, by a quote too; of `upload` the quote and the put are one reading'
  return new SourceInvalidError(name, 'its stream was read before, or has nothing', hint)
}
