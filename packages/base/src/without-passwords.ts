/**
 * As it may be shown: of each address in it, where it is, and nothing of who may enter. Whatever stands before the last `@` of an
 * address, up to its path, is a user and a password. Of `http` slashes may be missing, or the other ones: it is one all the same.
 */
export function withoutPasswords(text: string): string {
  return text.replace(/((?:https?:|:\/\/)[\\/]*)[^\s/?#\\]*@/gi, '$1')
}
