import { Badge, Button, createTheme, type MantineColorsTuple, Modal, Paper, Title } from "@mantine/core";

/** A calm green-blue. Shades 7 and 8 carry white text beyond 4.5:1. */
const lagoon: MantineColorsTuple = [
  "#e9f7f6",
  "#d3ecea",
  "#a6d9d5",
  "#76c5bf",
  "#50b4ad",
  "#38aaa1",
  "#2a958d",
  "#187f78",
  "#0b6b65",
  "#00524d",
];

export const theme = createTheme({
  primaryColor: "lagoon",
  colors: { lagoon },
  primaryShade: { light: 8, dark: 7 },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  headings: { fontWeight: "650", textWrap: "balance" },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Button: Button.extend({ defaultProps: { radius: "md" } }),
    // The second click of a double click falls on what the first has opened: it must not close it.
    Modal: Modal.extend({ defaultProps: { closeOnClickOutside: false } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true, p: "lg", radius: "lg" } }),
    Title: Title.extend({ defaultProps: { order: 2 } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", radius: "sm", tt: "none" } }),
  },
});
