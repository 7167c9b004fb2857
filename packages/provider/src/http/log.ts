/** One event a call; what prints it is the caller's choice. */
export type Log = (event: { readonly type: string; readonly [field: string]: unknown }) => void
