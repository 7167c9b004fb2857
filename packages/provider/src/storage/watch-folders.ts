/**
 * A folder of a volume that cannot be listed: its disk is damaged there, or it belongs to somebody else. What lies in it is opened by
 * its name as ever, where that can be done, and everything else goes on; its owner is told.
 */
import { opendir } from 'node:fs/promises'
import type { Alerts } from '../alerts.ts'

export async function watchFolders(folders: readonly string[], alerts: Pick<Alerts, 'raise' | 'clear'>): Promise<void> {
  for (const folder of folders)
    try {
      await using dir = await opendir(folder)
      await dir.read()
      alerts.clear('FOLDER_UNREADABLE', folder)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') alerts.clear('FOLDER_UNREADABLE', folder)
      else
        alerts.raise({
          code: 'FOLDER_UNREADABLE',
          subject: folder,
          message: `${folder} cannot be listed: ${message}`,
          hint: 'look at the disk, and at whose the folder is: its owner has to be the user that the provider runs as',
        })
    }
}
