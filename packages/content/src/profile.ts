/**
 * How a file becomes a DAG: the profile `unixfs-v1-2025` (IPIP-499), the same CIDs as
 * `ipfs add --cid-version=1 --chunker=size-1048576 --max-file-links=1024`.
 * https://github.com/ipfs/specs/pull/499
 */
export const chunkBytes: number = 1024 * 1024
export const linksPerNodeMax = 1024
/** A folder whose block would be larger is sharded, 256 ways. */
export const shardThresholdBytes: number = 256 * 1024
export const shardFanoutBits = 8
