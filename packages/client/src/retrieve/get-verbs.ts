/** What a page loads to fetch content, in one file: who saves it gets it. */
export { get } from './get.ts'
export { save } from './save.ts'
