/** Which keys of the state have a leaf in its tree. docs/spec/chain.md, section 7. */
export const APP_HASH_KEY = 'app-hash'

/**
 * Single records that change in every block, in the order of their keys. They are hashed beside the tree, because a path
 * of the tree for each would cost more than all of them. Tables that grow are never here.
 */
export const OUTSIDE_KEYS: readonly string[] = ['draws', 'head', 'rewards', 'totals']
/** The tree lies in the state as well, below this. */
export const PAGES = 'tree/'

/** Whether a key of the state has a leaf in the tree. */
export function isInTree(key: string): boolean {
  return key !== APP_HASH_KEY && !OUTSIDE_KEYS.includes(key) && !isPage(key)
}

/** Pages and the app hash follow from the rest of the state. */
export function isDerived(key: string): boolean {
  return key === APP_HASH_KEY || isPage(key)
}

function isPage(key: string): boolean {
  return key.startsWith(PAGES)
}
