/** A source's files as a tree to be imported. Apart from what makes a source: a page that puts nothing does not load it. */
import { type Tree, treeOfFiles } from '@granary/content'
import { chunksOf } from '../chunks-of.ts'
import { BYTES_HINT, type Content, type ContentSource, SourceInvalidError } from './content-source.ts'

/** @param chunks of a file, by its content: once a file, in the order of `files` @throws SourceInvalidError SOURCE_INVALID */
export function contentTree(
  { name, files }: ContentSource,
  chunks: (content: Content) => AsyncIterable<Uint8Array> = chunksOfContent,
): Tree {
  const [only] = files
  if (only?.path === '') return { kind: 'file', content: () => checked(name, chunks(only.content)) }
  return treeOfFiles(files.map(({ path, content }) => ({ path, content: () => checked(name, chunks(content)) })))
}

export async function* chunksOfContent(content: Content): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else if (content instanceof Blob) yield* chunksOf(content.stream())
  else if ('getReader' in content) yield* chunksOf(content)
  else yield* content
}

async function* checked(name: string, chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array))
      throw new SourceInvalidError(name, `its stream gave ${typeof chunk} where bytes are needed`, BYTES_HINT)
    yield chunk
  }
}
