/* joinload PORT TOKENS_FILE SKIP MOST CONNECTIONS SECONDS RATE STAKE SERVER_PID
 *
 * POST /api/v1/rooms/join once for each token (SKIP the first lines, at most MOST), over CONNECTIONS kept-alive
 * connections on loopback.  RATE 0: as fast as answers come; else that many a second, latency counted from the moment
 * a request was due.  TOKENS_FILE: lines of "user_id room_id token" (the room is ignored).  Prints one JSON object. */
#include "websocket.h"

typedef struct {
    int fd, busy, got;
    double due;
    char answer[32768];
} Connection;

static Latencies latencies;
static long ok, other, first_bad;
static Connection *connections;

static void request(Connection *c, int port, const char *token, const char *key, int stake, double due) {
    char text[2048], body[64];
    int size = snprintf(body, sizeof body, "{\"stake\":%d}", stake);
    int n = snprintf(text, sizeof text,
                     "POST /api/v1/rooms/join HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                     "Idempotency-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                     port, token, key, size, body);
    c->busy = 1;
    c->got = 0;
    c->due = due;
    if (send(c->fd, text, n, MSG_NOSIGNAL) != n) exit(3);
}

static void on_readable(Connection *c) {
    int r = recv(c->fd, c->answer + c->got, sizeof c->answer - 1 - c->got, MSG_DONTWAIT);
    if (r == 0 || (r < 0 && errno != EAGAIN)) {
        fprintf(stderr, "the server closed a connection\n");
        exit(3);
    }
    if (r < 0) return;
    c->answer[c->got += r] = 0;
    char *body = strstr(c->answer, "\r\n\r\n"), *length = strcasestr(c->answer, "content-length:");
    if (!body || !length || c->got < body + 4 - c->answer + atoi(length + 15)) return;
    c->busy = 0;
    if (!strncmp(c->answer + 9, "200", 3)) {
        ok++;
    } else {
        if (!other++) {
            first_bad = atol(c->answer + 9);
            fprintf(stderr, "refused: %.600s\n", c->answer);
        }
    }
    add_latency(&latencies, monotonic_s() - c->due);
}

int main(int argc, char **argv) {
    if (argc != 10) {
        fprintf(stderr, "usage: joinload PORT TOKENS_FILE SKIP MOST CONNECTIONS SECONDS RATE STAKE SERVER_PID\n");
        return 2;
    }
    int port = atoi(argv[1]), n = atoi(argv[5]), stake = atoi(argv[8]), server = atoi(argv[9]), epoll = epoll_create1(0);
    long skip = atol(argv[3]), most = atol(argv[4]), asked = 0;
    double seconds = atof(argv[6]), rate = atof(argv[7]);
    FILE *file = fopen(argv[2], "r");
    char user[32], room[32], key[64];
    static char token[1024];
    if (!file) {
        perror(argv[2]);
        return 2;
    }
    for (long i = 0; i < skip; i++)
        if (fscanf(file, "%31s %31s %1023s", user, room, token) != 3) return 2;
    connections = calloc(n, sizeof *connections);
    for (int i = 0; i < n; i++) {
        connections[i].fd = dial(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connections + i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    double start = monotonic_s(), cpu = cpu_s(server), end = start;
    int busy = 0, exhausted = 0;
    while (1) {
        double now = monotonic_s();
        int over = exhausted || now >= start + seconds;
        for (int i = 0; i < n && !over; i++) {
            Connection *c = connections + i;
            double due = rate > 0 ? start + asked / rate : now;
            if (c->busy || due > now) continue;
            if (asked >= most || fscanf(file, "%31s %31s %1023s", user, room, token) != 3) {
                exhausted = over = 1;
                break;
            }
            snprintf(key, sizeof key, "bench-%s-%lld", user, wall_ms());
            request(c, port, token, key, stake, due);
            asked++;
        }
        busy = 0;
        for (int i = 0; i < n; i++) busy += connections[i].busy;
        if (over && !busy) break;
        if (now > start + seconds + 10) break;
        struct epoll_event events[256];
        int got = epoll_wait(epoll, events, 256, 1);
        for (int i = 0; i < got; i++) on_readable(events[i].data.ptr);
        end = monotonic_s();
    }
    double elapsed = end - start;
    printf("{\"joins\":%ld,\"refused\":%ld,\"first_refusal\":%ld,\"unanswered\":%d,\"seconds\":%.2f,\"joins_per_s\":%.0f,"
           "\"p50_ms\":%.1f,\"p95_ms\":%.1f,\"p99_ms\":%.1f,\"server_us\":%.0f,\"server_share\":%.3f,\"exhausted\":%d}\n",
           ok, other, first_bad, busy, elapsed, ok / elapsed, percentile_ms(&latencies, .5), percentile_ms(&latencies, .95),
           percentile_ms(&latencies, .99), ok ? (cpu_s(server) - cpu) * 1e6 / ok : 0, (cpu_s(server) - cpu) / elapsed,
           exhausted);
    return 0;
}
