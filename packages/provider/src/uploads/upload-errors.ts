/** What can be wrong with an upload. */
import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'

export class UploadNotFoundError extends GranaryError {
  // The same for a stranger's upload as for none: an id must not be something to try.
  constructor(uploadId: string) {
    super({
      code: 'UPLOAD_NOT_FOUND',
      message: `you have no upload ${uploadId}`,
      hint: 'it may have expired: create it again at /v1/uploads',
      details: { uploadId },
    })
  }
}

export class UploadIncompleteError extends GranaryError {
  constructor(uploadId: string, offset: number, size: number) {
    super({
      code: 'UPLOAD_INCOMPLETE',
      message: `upload ${uploadId} has ${offset} of ${size} bytes`,
      hint: 'ask for its offset with HEAD and send the rest',
      details: { uploadId, offset, size },
    })
  }
}

export class UploadAwayError extends GranaryError {
  constructor(uploadId: string) {
    super({
      code: 'PIECE_UNREADABLE',
      message: `the disk that upload ${uploadId} is on cannot be reached at present`,
      hint: 'try again later: what was sent is kept, and it goes on once the disk is there',
      retryable: true,
      details: { uploadId },
    })
  }
}

/** Its bytes are being written or verified by another request at this moment. */
export class UploadBusyError extends GranaryError {
  constructor(uploadId: string, why: 'is being agreed on' | 'is still being written') {
    super({
      code: 'UPLOAD_BUSY',
      message: `upload ${uploadId} ${why} by another request`,
      hint: 'wait for the answer to that request, then try again',
      details: { uploadId },
    })
  }
}

export class UploadMetadataError extends GranaryError {
  constructor(problem: string) {
    super({
      code: 'UPLOAD_METADATA_INVALID',
      message: `upload metadata: ${problem}`,
      hint: 'send Upload-Length and the metadata pieceSize, quoteId and, if there is one, rootCid',
    })
  }
}

export class UploadTooLargeError extends GranaryError {
  constructor(sizeBytes: number, limitBytes: number) {
    super({
      code: 'UPLOAD_TOO_LARGE',
      message: `the upload is ${sizeBytes} bytes, at most ${limitBytes} are taken`,
      hint: 'the payload of a piece is at most 127/128 of its piece size: ask for a quote over the right size',
      details: { sizeBytes, limitBytes },
    })
  }
}

export class QuotaExceededError extends GranaryError {
  constructor(what: 'uploads' | 'bytes' | 'quotes', used: number, limit: number) {
    super({
      code: 'QUOTA_EXCEEDED',
      message: `${used} ${what} at the same time, the limit for ${what === 'quotes' ? 'an address' : 'a client'} is ${limit}`,
      hint: 'finish or delete what you have open, or wait until it expires',
      details: { what, used, limit },
    })
  }
}

export class ClientFundsError extends GranaryError {
  constructor(client: Address, balance: bigint, needed: bigint) {
    super({
      code: 'CLIENT_FUNDS_INSUFFICIENT',
      message: `${client} has ${balance} attoGRN free on the chain, price and fee are ${needed}`,
      hint: 'move money to that account, then send the same request again: the upload is kept',
      details: { client, balance: String(balance), needed: String(needed) },
    })
  }
}
