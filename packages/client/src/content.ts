/**
 * What is asked of content, in a module of its own that is imported where it is used: a page that only looks at the market
 * does not load what reads and verifies files.
 */
export { parseCid } from '@granary/content'
