/** What is wrong with content: CIDs, DAGs, CARs. */

export const passingContentErrors = {
  /** A CAR ended before its content did. */
  CAR_TRUNCATED: { fault: 'peer' },
  /** A file changed while it was read. */
  FILE_CHANGED: { fault: 'caller' },
} as const

export const contentErrors = {
  /** The text is no CID. */
  CID_INVALID: { fault: 'caller', exit: 'usage' },
  /** A block is not what its CID says. */
  BLOCK_HASH_MISMATCH: { fault: 'caller' },
  /** A block is named by a hash that is not supported. */
  HASH_UNSUPPORTED: { fault: 'caller' },
  /** A CID holds more bytes in itself than is taken. */
  IDENTITY_TOO_LONG: { fault: 'caller', status: 422 },
  /** The root of a CAR is not the one it was announced with. */
  CAR_ROOT_MISMATCH: { fault: 'caller', status: 422 },
  /** The blocks of a CAR come in another order than they are read. */
  CAR_ORDER: { fault: 'peer' },
  /** The bytes are no CAR of ours. */
  CAR_INVALID: { fault: 'caller', status: 422 },
  /** A CAR is to be written into the folder that it holds. */
  CAR_IN_FOLDER: { fault: 'caller' },
  /** The content is no file. */
  NOT_A_FILE: { fault: 'caller', status: 406 },
  /** The links of such a block cannot be read. */
  CODEC_UNSUPPORTED: { fault: 'caller', status: 406 },
  /** A path ends at a part of a block that is no link. */
  PATH_INSIDE_BLOCK: { fault: 'caller', status: 501 },
  /** The DAG contradicts itself. */
  DAG_INVALID: { fault: 'caller', status: 422 },
  /** Two names of one large folder have the same hash. */
  NAMES_COLLIDE: { fault: 'caller' },
  /** A block of the content is not here. */
  BLOCK_MISSING: { fault: 'peer', status: 404 },
} as const
