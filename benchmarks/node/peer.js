// The gateway's peer in Node: ws + ioredis, batched as ours is (one script call a room per 100 ms, the script
// publishes).  It speaks just enough of the protocol for tapload and checks less than ours does: no tokens, no rules
// but the window.  usage: node peer.js PORT REDIS_PORT; the token of a hello is "room:seat:user_id".
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");
const Redis = require("ioredis");
const { WebSocketServer } = require("ws");

const SLOTS = 10;
const SLOT_MS = 10;

class Room {
  constructor(id) {
    this.key = `peer:{${id}}:room`;
    this.channel = `peer:live:${id}`;
    this.slot = Number(id) % SLOTS;
    this.sockets = new Set();
    this.pending = new Map();
  }
}

async function main(port, redisPort) {
  const redis = new Redis(redisPort, "127.0.0.1", { enableAutoPipelining: true });
  const subscriber = new Redis(redisPort, "127.0.0.1");
  const sha = await redis.script("LOAD", fs.readFileSync(path.join(__dirname, "taps.lua"), "utf8"));
  const rooms = new Map();
  const slots = Array.from({ length: SLOTS }, () => []);
  let current = 0;

  await subscriber.psubscribe("peer:live:*");
  subscriber.on("pmessageBuffer", (_pattern, channel, payload) => {
    const room = rooms.get(channel.toString().slice(10));
    if (room) for (const socket of room.sockets) socket.send(payload, { binary: false });
  });

  let next = performance.now();
  function beat() {
    const due = slots[current];
    slots[current] = [];
    current = (current + 1) % SLOTS;
    const now = Date.now();
    for (const room of due) {
      const words = [1, room.key, now, room.channel];
      for (const [user, tap] of room.pending) words.push(user, tap.count, tap.timestamp, tap.seq);
      room.pending.clear();
      redis.evalsha(sha, ...words).catch((error) => console.error(error.message));
    }
    next += SLOT_MS; // setInterval would drift, and send less than the others
    setTimeout(beat, Math.max(0, next - performance.now()));
  }
  beat();

  function taps(room, frame) {
    if (room.pending.size === 0) slots[room.slot].push(room);
    const tap = room.pending.get(frame.user_id);
    if (tap) {
      tap.count += frame.count;
      tap.timestamp = frame.timestamp;
      tap.seq = frame.seq;
    } else {
      room.pending.set(frame.user_id, { count: frame.count, timestamp: frame.timestamp, seq: frame.seq });
    }
  }

  const server = http.createServer();
  const gateway = new WebSocketServer({ server, perMessageDeflate: false, skipUTF8Validation: true });
  gateway.on("connection", (socket) => {
    let room = null;
    let user = "";
    socket.on("message", (data) => {
      const frame = JSON.parse(data);
      if (frame.type === "taps" && frame.user_id === user) {
        taps(room, frame);
      } else if (frame.type === "hello") {
        const [id, , who] = frame.token.split(":");
        user = who;
        if (!rooms.has(id)) rooms.set(id, new Room(id));
        room = rooms.get(id);
        socket.send(JSON.stringify({ type: "welcome", user_id: user }));
      } else if (frame.type === "enter") {
        room.sockets.add(socket);
        socket.send(JSON.stringify({ type: "snapshot", room: { players: [{ user_id: user, seq: 0 }] } }));
      }
    });
    socket.on("close", () => room && room.sockets.delete(socket));
    socket.on("error", () => socket.terminate());
  });
  server.listen(port, "127.0.0.1", 8192);
}

main(Number(process.argv[2]), Number(process.argv[3]));
