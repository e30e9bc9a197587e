// A mutex, a condition and an answer.
#include "server/start.h"

#include <sys/prctl.h>

int mx_start_thread(struct mx_start *start, pthread_t *thread, void *(*run)(void *ctx), void *ctx,
    struct mx_error *err) {
    *start = (struct mx_start){.code = MX_OK};
    pthread_mutex_init(&start->lock, NULL);
    pthread_cond_init(&start->said, NULL);
    int number = pthread_create(thread, NULL, run, ctx);
    return number == 0 ? MX_OK : mx_fail_errno(err, number, "cannot start a thread");
}

void mx_start_name(const char *name) {
    prctl(PR_SET_NAME, name);
}

void mx_start_say(struct mx_start *start, int code, const struct mx_error *err) {
    pthread_mutex_lock(&start->lock);
    start->is_over = true;
    start->code = code;
    if (code < 0) {
        start->err = *err;
    }
    pthread_cond_signal(&start->said);
    pthread_mutex_unlock(&start->lock);
}

int mx_start_wait(struct mx_start *start, pthread_t thread, struct mx_error *err) {
    pthread_mutex_lock(&start->lock);
    while (!start->is_over) {
        pthread_cond_wait(&start->said, &start->lock);
    }
    pthread_mutex_unlock(&start->lock);
    if (start->code < 0) {
        *err = start->err;
        pthread_join(thread, NULL);
    }
    return start->code;
}
