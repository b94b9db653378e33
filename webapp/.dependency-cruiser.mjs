/**
 * The floors of `src/`, from the top.  A file may import what lies below its own floor or beside it on the same one,
 * never what lies above; and no two files import each other round any circle, not for types either.
 *
 *   main      starts the page
 *   app       makes the services, says which screen is shown, and shows what lies over every screen
 *   screens   what players see, a folder a feature; features do not know each other, but for the pairs below
 *   ui        pieces that several screens share, and their sounds
 *   services  the names of all that screens can reach, and the small services that belong to the lobby
 *   session   who plays, the room they are in, and how they get a seat there
 *   edges     what is not React: the socket, REST, taps, Telegram, this device's settings
 *   state     stores, events, what survives a reload
 *   ground    the generated protocol and the texts
 */
const FLOORS = [
    ["main", ["main\\.tsx"]],
    ["app", ["app/"]],
    [
        "screens",
        [
            "account/",
            "arena/",
            "bonus/",
            "create/",
            "home/",
            "leaderboard/",
            "login/",
            "money/",
            "profile/",
        ],
    ],
    ["ui", ["ui/", "sounds/", "styles/"]],
    ["services", ["services/"]],
    ["session", ["session/", "room/", "join/"]],
    ["edges", ["api/", "connection/", "taps/", "telegram/", "settings/"]],
    ["state", ["state/"]],
    ["ground", ["protocol/", "texts/", "vite-env\\.d\\.ts"]],
];

/** The feature above shows a part of the one below. */
const FEATURE_PAIRS = [
    ["profile", "money"],
    ["profile", "bonus"],
    ["bonus", "arena"],
];

const pathOf = (parts) => `^src/(${parts.join("|")})`;
const [, features] = FLOORS.find(([name]) => name === "screens");
const feature = (folder) => folder.slice(0, -1);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
    forbidden: [
        {
            name: "no-circles",
            comment: "Files that import each other in a circle are one file in several places.",
            severity: "error",
            from: {},
            to: { circular: true },
        },
        {
            name: "on-a-floor",
            comment: "A new folder of src/ needs its floor in this file.",
            severity: "error",
            from: {},
            to: { path: "^src/", pathNot: pathOf(FLOORS.flatMap(([, parts]) => parts)) },
        },
        {
            name: "resolved",
            comment: "An import that is not found is not held to its floor either.",
            severity: "error",
            from: {},
            to: { couldNotResolve: true },
        },
        ...FLOORS.slice(1).map(([name, parts], index) => ({
            name: `nothing-above-${name}`,
            severity: "error",
            from: { path: pathOf(parts) },
            to: { path: pathOf(FLOORS.slice(0, index + 1).flatMap(([, above]) => above)) },
        })),
        ...features.map((folder) => {
            const allowed = FEATURE_PAIRS.filter(([above]) => above === feature(folder));
            const own = [folder, ...allowed.map(([, below]) => `${below}/`)];
            return {
                name: `${feature(folder)}-by-itself`,
                severity: "error",
                from: { path: pathOf([folder]) },
                to: { path: pathOf(features), pathNot: pathOf(own) },
            };
        }),
    ],
    options: {
        tsPreCompilationDeps: true,
        tsConfig: { fileName: "tsconfig.json" },
        doNotFollow: { path: "node_modules" },
        enhancedResolveOptions: { extensions: [".ts", ".tsx", ".d.ts", ".js", ".json", ".css"] },
    },
};
