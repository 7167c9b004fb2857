/** What is told of a get on its way. A gateway has no provider's number. */
export type GetProgress =
  | { readonly type: 'provider:trying'; readonly provider?: number; readonly endpoint: string }
  | {
      readonly type: 'provider:failed'
      readonly provider?: number
      readonly endpoint: string
      readonly code: string
      readonly message: string
    }
  /** Bytes that have been given out, verified, of how many there will be where that is known. */
  | { readonly type: 'get:progress'; readonly bytes: number; readonly size?: number }
