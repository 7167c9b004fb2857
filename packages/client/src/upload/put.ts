/** What a page loads when it stores something. */
import type { Ports, Source } from '../ports.ts'
import type { Content, ContentSource } from '../sources/content-source.ts'
import type { PutOptions } from './put-prepared.ts'
import type { PutResult } from './put-result.ts'
import { upload } from './upload.ts'
import type { UploadQuote } from './upload-quote.ts'

export { upload }

/**
 * @returns when the deals are as `until` says; also when they had been by an earlier put
 * @throws PUT_OPTION_INVALID, LABEL_TOO_LONG, SourceInvalidError, PutRunningError, PieceTooLargeError, JournalInvalidError, what reading the source throws, and what
 * `putPrepared` throws
 */
export async function put<S extends Source>(
  ports: Ports<S | ContentSource>,
  source: S | ContentSource | Content,
  options: PutOptions = {},
): Promise<PutResult> {
  return await upload(ports, source, options).done()
}

/** The whole price, before anything is spent. @throws what reading the source throws, and NoProviderError */
export async function quote<S extends Source>(
  ports: Ports<S | ContentSource>,
  source: S | ContentSource | Content,
  options: PutOptions = {},
): Promise<UploadQuote> {
  await using asked = upload(ports, source, options)
  return await asked.quote()
}
