/* Syncing a file without being held by the disk: a sync may take many seconds, and whoever stops must not wait for it. */
#ifndef GRANARY_SYNC_H
#define GRANARY_SYNC_H

#include "work.h"

/* WORK_CANCELLED as soon as it is cancelled: the sync goes on by itself, and what it syncs is only sure once it is done. */
const char *sync_file(const struct control *control, int fd);

#endif
