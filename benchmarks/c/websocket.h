/* What the load generators and the floor share: clocks, CPU time of a process, client-side WebSocket frames. */
#ifndef BENCH_WEBSOCKET_H
#define BENCH_WEBSOCKET_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline double monotonic_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static inline long long wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* user + system seconds of all threads, from the scheduler's own nanosecond counters */
static inline double cpu_s(int pid) {
    char path[600];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = pid ? opendir(path) : NULL;
    if (!tasks) return 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        unsigned long long ns = 0;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        if (file) {
            if (fscanf(file, "%llu", &ns) != 1) ns = 0;
            fclose(file);
        }
        sum += ns / 1e9;
    }
    closedir(tasks);
    return sum;
}

static inline double own_cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline long rss_kib(int pid) {
    char line[256];
    long kib = 0;
    snprintf(line, sizeof line, "/proc/%d/status", pid);
    FILE *file = fopen(line, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6)) kib = atol(line + 6);
    fclose(file);
    return kib;
}

static inline int dial(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Latencies in a histogram of 0.1 ms up to 5 s. */
enum { LATENCY_BINS = 50000 };
typedef struct {
    int bin[LATENCY_BINS];
    long n;
} Latencies;

static inline void add_latency(Latencies *all, double seconds) {
    int i = (int)(seconds * 10000);
    all->bin[i < 0 ? 0 : i >= LATENCY_BINS ? LATENCY_BINS - 1 : i]++;
    all->n++;
}

static inline double percentile_ms(const Latencies *all, double share) {
    long rank = (long)(all->n * share), seen = 0;
    for (int i = 0; i < LATENCY_BINS; i++)
        if ((seen += all->bin[i]) > rank) return i / 10.0;
    return -1;
}

#endif
