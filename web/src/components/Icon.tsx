const PATHS = {
  home: "M4 11.5 12 5l8 6.5M6.5 10v9h11v-9",
  find: "M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14Zm5-2 4.5 4.5",
  exchanges: "M4 9h15l-4-4M20 15H5l4 4",
  hours: "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18Zm0-14v5l3.5 2",
  inbox: "M4 6h16v12H4zM4 7l8 6 8-6",
  profile:
    "M12 12a4 4 0 1 1 0-8 4 4 0 0 1 0 8Zm-7.5 8c.8-3.6 3.800-5.500 7.500-5.500s6.700 1.900 7.500 5.500",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.500 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM8.500 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z",
  figures: "M5 20V11M12 20V5M19 20v-6",
  members:
    "M9 11a3.500 3.500 0 1 1 0-7 3.500 3.500 0 0 1 0 7Zm-6.500 9c.500-3.500 3-5.500 6.500-5.500s6 2 6.500 5.500M16 4.500a3.300 3.300 0 0 1 0 6.200M18 14.800c2 .8 3.200 2.500 3.500 5.200",
  skills: "M12 4v16M4 12h16",
  system: "M4 5h16v6H4zM4 13h16v6H4zM7.500 8h.01M7.500 16h.01",
  trail:
    "M6 20a2 2 0 1 1 0-4 2 2 0 0 1 0 4Zm12-12a2 2 0 1 1 0-4 2 2 0 0 1 0 4ZM8 18h6a3 3 0 0 0 0-6h-4a3 3 0 0 1 0-6h6",
  logOut: "M14 5H5v14h9M10 12h10m-3.500-3.500L20 12l-3.500 3.500",
} as const;

export type IconName = keyof typeof PATHS;

/** Beside a word, never in its place. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      aria-hidden="true"
      width="20"
      height="20"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
