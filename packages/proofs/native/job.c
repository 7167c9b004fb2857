#include "job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const napi_type_tag CONTROL_TAG = {0x6772616e61727963ULL, 0x6f6e74726f6c0001ULL};

int get_external(napi_env env, napi_value value, const napi_type_tag *tag, void **out) {
  napi_valuetype type;
  bool same = false;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_external &&
         napi_check_object_type_tag(env, value, tag, &same) == napi_ok && same &&
         napi_get_value_external(env, value, out) == napi_ok;
}

napi_value create_external(napi_env env, void *data, const napi_type_tag *tag, napi_finalize finalize) {
  napi_value external;
  if (napi_create_external(env, data, finalize, NULL, &external) != napi_ok) {
    finalize(env, data, NULL);
    return NULL;
  }
  return napi_type_tag_object(env, external, tag) == napi_ok ? external : NULL;
}

static void free_control(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

napi_value control_create_call(napi_env env, napi_callback_info info) {
  (void)info;
  struct control *control = calloc(1, sizeof *control);
  return control == NULL ? NULL : create_external(env, control, &CONTROL_TAG, free_control);
}

struct control *get_control(napi_env env, napi_value value) {
  void *control;
  return get_external(env, value, &CONTROL_TAG, &control) ? control : NULL;
}

static struct control *only_argument(napi_env env, napi_callback_info info) {
  napi_value value;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &value, NULL, NULL) != napi_ok || count < 1) return NULL;
  return get_control(env, value);
}

napi_value control_cancel_call(napi_env env, napi_callback_info info) {
  struct control *control = only_argument(env, info);
  if (control != NULL) control_cancel(control);
  return NULL;
}

napi_value control_progress_call(napi_env env, napi_callback_info info) {
  struct control *control = only_argument(env, info);
  napi_value done = NULL;
  if (control != NULL) napi_create_double(env, (double)control_done(control), &done);
  return done;
}

static void *job_main(void *data) {
  struct job *job = data;
  errno = 0;
  job->failed = job->run(job);
  job->error = errno;
  /* The environment may end at any time after the call; the function is all that is touched then. */
  napi_threadsafe_function settle = job->settle;
  napi_call_threadsafe_function(settle, job, napi_tsfn_nonblocking);
  napi_release_threadsafe_function(settle, napi_tsfn_release);
  return NULL;
}

/* An environment that ends, as that of a worker does, must not leave a thread at work on its memory. */
static void stop_job(void *data) {
  struct job *job = data;
  control_cancel(job->control);
  pthread_join(job->thread, NULL);
}

static napi_value outcome(napi_env env, const struct job *job) {
  napi_value result = NULL, buffer;
  void *bytes;
  if (job->failed == NULL) {
    if (napi_create_arraybuffer(env, job->result_bytes, &bytes, &buffer) != napi_ok) return NULL;
    memcpy(bytes, job->result, job->result_bytes);
    napi_create_typedarray(env, napi_uint8_array, job->result_bytes, buffer, 0, &result);
    return result;
  }
  char text[256];
  const char *why = job->failed == WORK_CANCELLED || job->error == 0 ? "" : strerror(job->error);
  snprintf(text, sizeof text, "%s%s%s", job->failed, *why ? ": " : "", why);
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

static void settle_job(napi_env env, napi_value unused, void *context, void *data) {
  (void)unused, (void)context;
  struct job *job = data;
  if (env != NULL) {
    napi_remove_env_cleanup_hook(env, stop_job, job);
    pthread_join(job->thread, NULL);
    napi_value result = outcome(env, job);
    if (result != NULL) napi_resolve_deferred(env, job->deferred, result);
    napi_delete_reference(env, job->control_ref);
    if (job->memory_ref != NULL) napi_delete_reference(env, job->memory_ref);
  }
  job->release(job);
}

napi_value job_start(napi_env env, struct job *job, napi_value control, napi_value memory) {
  napi_value name, promise;
  job->env = env;
  const int ready = napi_create_string_utf8(env, "granary:proofs", NAPI_AUTO_LENGTH, &name) == napi_ok &&
                    napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, settle_job,
                                                    &job->settle) == napi_ok;
  if (!ready) {
    job->release(job);
    return NULL;
  }
  const int referenced = napi_create_reference(env, control, 1, &job->control_ref) == napi_ok &&
                         (memory == NULL || napi_create_reference(env, memory, 1, &job->memory_ref) == napi_ok) &&
                         napi_create_promise(env, &job->deferred, &promise) == napi_ok;
  if (!referenced || pthread_create(&job->thread, NULL, job_main, job) != 0) {
    napi_release_threadsafe_function(job->settle, napi_tsfn_abort);
    job->release(job);
    return NULL;
  }
  napi_add_env_cleanup_hook(env, stop_job, job);
  return promise;
}
