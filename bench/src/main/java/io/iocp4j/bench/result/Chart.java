package io.iocp4j.bench.result;

import java.util.List;

/** A drawing area with axes, in SVG. Colors and fonts come from the classes of {@link Style}. */
final class Chart {
    /** Widths in units of the drawing: one for a column of a wide page, one for a phone. */
    static final int WIDE = 540;
    static final int NARROW = 328;

    final Markup svg = new Markup();
    final int left;
    final int right;
    final int top;
    final int bottom;

    /**
     * Begins a drawing.
     *
     * @param id an id that no other drawing of the page has
     * @param description what a reader sees in it, for those who cannot
     */
    Chart(String id, String title, String description, int width, int height, int left, int right, int top,
            int bottom) {
        this.left = left;
        this.right = width - right;
        this.top = top;
        this.bottom = height - bottom;
        svg.open("svg", "viewBox", "0 0 " + width + " " + height, "role", "img",
                "class", width == WIDE ? "wide" : "narrow",
                "aria-labelledby", id + "-t " + id + "-d");
        svg.element("title", title, "id", id + "-t").element("desc", description, "id", id + "-d");
    }

    void line(double x1, double y1, double x2, double y2, String style) {
        svg.open("line", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "class", style).close("line");
    }

    void text(double x, double y, String anchor, String style, String text) {
        svg.element("text", text, "x", x, "y", y, "text-anchor", anchor, "class", style);
    }

    void rectangle(double x, double y, double width, double height, String style) {
        svg.open("rect", "x", x, "y", y, "width", width, "height", height, "rx", "2", "class", style).close("rect");
    }

    void dot(double x, double y, String style) {
        svg.open("circle", "cx", x, "cy", y, "r", "2.6", "class", style).close("circle");
    }

    /** Draws a line through points. */
    void curve(List<double[]> points, String style) {
        StringBuilder path = new StringBuilder();
        for (double[] point : points) {
            path.append(path.isEmpty() ? "M" : "L").append(Math.round(point[0] * 10) / 10.0).append(' ')
                    .append(Math.round(point[1] * 10) / 10.0);
        }
        svg.open("path", "d", path, "class", style).close("path");
    }

    /** Draws a horizontal grid line with its label. */
    void gridY(double y, String label) {
        line(left, y, right, y, "grid");
        text(left - 6, y + 4, "end", "tick", label);
    }

    /** Draws a vertical grid line with its label below. */
    void gridX(double x, String label) {
        line(x, top, x, bottom, "grid");
        text(x, bottom + 16, "middle", "tick", label);
    }

    Markup end() {
        return svg.close("svg").line();
    }
}
