/* Long work as a promise: on a thread of its own, not one of Node's four, which file reads need. */
#ifndef GRANARY_JOB_H
#define GRANARY_JOB_H

#include <node_api.h>
#include <pthread.h>

#include "work.h"

#define JOB_RESULT_MAX 128

struct job {
  /* Work: NULL, or what failed, with errno. */
  const char *(*run)(struct job *job);
  /* Called once, whatever happened, and frees the job itself. */
  void (*release)(struct job *job);
  struct control *control;
  /* What the promise resolves with. */
  uint8_t result[JOB_RESULT_MAX];
  size_t result_bytes;

  const char *failed;
  int error;
  pthread_t thread;
  napi_env env;
  napi_deferred deferred;
  napi_threadsafe_function settle;
  /* Kept from the collector while the work runs. */
  napi_ref control_ref, memory_ref;
};

/*
 * Starts the job and gives its promise, which resolves with the result as a Uint8Array, or with the text of what
 * failed: making an error of it is for the caller, in its own realm. NULL when it could not start; the job is released.
 */
napi_value job_start(napi_env env, struct job *job, napi_value control, napi_value memory);

/* control() → external; cancel(control); progress(control) → number */
napi_value control_create_call(napi_env env, napi_callback_info info);
napi_value control_cancel_call(napi_env env, napi_callback_info info);
napi_value control_progress_call(napi_env env, napi_callback_info info);

/* NULL for what is no control. */
struct control *get_control(napi_env env, napi_value value);

/* Externals carry tags, so that one cannot be given for another. */
int get_external(napi_env env, napi_value value, const napi_type_tag *tag, void **out);
napi_value create_external(napi_env env, void *data, const napi_type_tag *tag, napi_finalize finalize);

#endif
