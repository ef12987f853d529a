package io.iocp4j.bench.result;

/**
 * The style sheet of the report. Colors are variables, so a dark screen and paper differ only in these. Paper has the
 * light colors.
 */
final class Style {
    /** Servers beyond this number begin with the first color again, but with another pattern of dashes. */
    static final int COLORS = 8;

    /** Light colors: each series has a contrast of at least 4.5 to the background of a chart. */
    static final String LIGHT = """
            --page:#f4f6f9; --card:#ffffff; --text:#15202e; --soft:#526173; --rule:#d7dee7; --grid:#e6ebf1;
            --accent:#0b5cc4; --good:#11703a; --bad:#b3261e; --mark:#8a5200; --wash:#eef3fa;
            --s0:#5b6675; --s1:#1565c8; --s2:#b8480a; --s3:#0b7568; --s4:#7a3fc0; --s5:#b01657; --s6:#756100;
            --s7:#0d6f8c;
            """;
    /** Dark colors, with the same contrast. */
    static final String DARK = """
            --page:#0e1319; --card:#171e27; --text:#e8edf3; --soft:#a3b0c0; --rule:#323d4b; --grid:#28323e;
            --accent:#79b4ff; --good:#63d394; --bad:#ff938a; --mark:#f0b65c; --wash:#1d2733;
            --s0:#a4afbd; --s1:#6fb1ff; --s2:#ff9f63; --s3:#4cd0b6; --s4:#c39bff; --s5:#ff87b0; --s6:#d8c04e;
            --s7:#5fcfe8;
            """;

    private static final String RULES = """
            * { box-sizing:border-box }
            body { margin:0; background:var(--page); color:var(--text);
              font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif }
            main, header, footer { max-width:1180px; margin:0 auto; padding:0 24px }
            header { padding-top:36px; padding-bottom:8px }
            h1 { font-size:30px; line-height:1.2; margin:0 0 6px; letter-spacing:-.02em }
            h2 { font-size:21px; line-height:1.3; margin:0 0 4px; letter-spacing:-.01em }
            h3 { font-size:15px; margin:0 0 8px }
            p { margin:0 0 10px; max-width:75ch }
            a { color:var(--accent) }
            .sub, figcaption, .how { color:var(--soft) }
            section { background:var(--card); border:1px solid var(--rule); border-radius:12px; padding:22px 24px;
              margin:18px 0 }
            .parameters { display:flex; flex-wrap:wrap; gap:6px; list-style:none; margin:0 0 14px; padding:0;
              font-size:13px }
            .parameters li { background:var(--wash); border-radius:999px; padding:2px 10px }
            .legend { display:flex; flex-wrap:wrap; gap:4px 20px; list-style:none; margin:0 0 14px; padding:0;
              font-size:14px }
            .legend svg { width:30px; height:10px; margin-right:8px; vertical-align:1px }
            .charts { display:grid; grid-template-columns:repeat(2,minmax(0,1fr)); gap:24px 32px; margin-bottom:18px }
            figure { margin:0; min-width:0 }
            figcaption { font-size:14px; margin-bottom:6px }
            figcaption b { color:var(--text) }
            figure svg { width:100%; height:auto; display:block }
            figure svg.narrow { display:none }
            svg text { font-size:12px; fill:var(--soft) }
            svg .label, svg .value { paint-order:stroke; stroke:var(--card); stroke-width:4px; stroke-linejoin:round }
            svg .label { font-size:13px; font-weight:600; fill:var(--text) }
            svg .value { font-size:13px; fill:var(--text); font-variant-numeric:tabular-nums }
            .grid { stroke:var(--grid) } .one { stroke:var(--text); stroke-width:1.5 }
            .bar { fill:var(--c); fill-opacity:.55; stroke:var(--c) }
            .whisker { stroke:var(--text); stroke-width:1.5 }
            .curve { fill:none; stroke:var(--c); stroke-width:2.2; stroke-linejoin:round; stroke-dasharray:var(--d) }
            .dot { fill:var(--c); stroke:var(--card) }
            .scroll { overflow-x:auto; margin:0 -24px; padding:0 24px }
            .scroll:focus-visible { outline:2px solid var(--accent); outline-offset:-2px }
            table { border-collapse:collapse; font-size:13.5px; width:100% }
            .caption { color:var(--soft); font-size:14px; margin:12px 0 4px } small { font-weight:400 }
            th, td { padding:7px 9px; text-align:right; border-bottom:1px solid var(--rule); white-space:nowrap;
              font-variant-numeric:tabular-nums }
            thead th { color:var(--soft); font-weight:600; vertical-align:bottom; white-space:normal; line-height:1.3 }
            th:first-child, .words { text-align:left }
            tbody th { font-weight:600; position:sticky; left:0; background:var(--card) }
            th.first { position:sticky; left:0; background:var(--card) }
            tr.baseline td, tr.baseline th { color:var(--soft) }
            .wrap { white-space:normal }
            .overview { width:auto } .overview td small { display:block; font-size:12px }
            .faster { color:var(--good) } .slower { color:var(--bad) } .cannot { color:var(--soft) }
            .marks { color:var(--mark) }
            .verdicts { margin:0 0 14px; padding-left:20px; font-size:14px } .verdicts li { margin:3px 0 }
            details { margin-top:14px; font-size:14px } summary { cursor:pointer; color:var(--accent) }
            details table { margin-top:8px }
            dl { display:grid; grid-template-columns:max-content minmax(0,1fr); gap:4px 20px; margin:0 0 16px;
              font-size:14px }
            dt { color:var(--soft) } dd { margin:0; overflow-wrap:anywhere }
            pre, code { font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace }
            pre { background:var(--wash); border-radius:8px; padding:12px 14px; margin:0 0 16px; white-space:pre-wrap;
              overflow-wrap:anywhere }
            .notice { border-left:4px solid var(--mark); background:var(--wash); padding:10px 14px; border-radius:6px }
            footer { padding-bottom:40px; font-size:13px; color:var(--soft) }
            @media (max-width:860px) { .charts { grid-template-columns:minmax(0,1fr) } }
            @media (max-width:480px) {
              main, header, footer { padding-left:12px; padding-right:12px }
              header { padding-top:22px } h1 { font-size:25px }
              section { padding:16px 14px; border-radius:10px }
              .scroll { margin:0 -14px; padding:0 14px }
              figure svg.wide { display:none } figure svg.narrow { display:block }
              dl { grid-template-columns:minmax(0,1fr); gap:0 } dd { margin-bottom:8px }
              th, td { padding:6px 8px; font-size:13px }
            }
            @media print {
              body { background:none; font-size:11pt } main, header, footer { max-width:none; padding:0 }
              section { border:0; border-top:1px solid var(--rule); border-radius:0; padding:12px 0; margin:0 }
              .charts { grid-template-columns:repeat(2,minmax(0,1fr)); gap:12px 20px }
              figure, tr, h2, .legend { break-inside:avoid } h2, .legend, .caption { break-after:avoid }
              .scroll { overflow:visible; margin:0; padding:0 } table { font-size:7.5pt }
              th, td { padding:3px 4px } .overview td small { font-size:7pt }
              p, figcaption, .caption, .legend, .verdicts, .parameters, dl, pre, code { font-size:8.5pt }
              h2 { font-size:14pt } tbody th, th.first { position:static }
              .bar, .curve, .dot, .swatch { print-color-adjust:exact; -webkit-print-color-adjust:exact }
            }
            @page { margin:14mm }
            """;

    private Style() {
    }

    /** The whole style sheet. */
    static String sheet() {
        StringBuilder series = new StringBuilder();
        for (int i = 0; i < COLORS; i++) {
            series.append(".s").append(i).append(" { --c:var(--s").append(i).append(") }\n");
        }
        return ":root { color-scheme:light dark;\n" + LIGHT
                + "}\n@media screen and (prefers-color-scheme:dark) { :root {\n"
                + DARK + "} }\n" + series
                + ".d0 { --d:none } .d1 { --d:7 3 } .d2 { --d:2 3 } .d3 { --d:9 3 2 3 }\n" + RULES;
    }

    /**
     * The classes of a server: neighbors differ in color and in dashes, for readers who cannot tell the colors apart.
     */
    static String series(int position) {
        int color = position % COLORS;
        return "s" + color + " d" + (position + position / COLORS) % 4;
    }
}
