package io.iocp4j.relay;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;

/**
 * A line of glowing seven-segment characters, drawn as shapes. The test picture must also work where no font is
 * installed, as in most containers. It knows digits, a few letters, colon and full stop; other characters stay dark.
 * Immutable.
 */
final class SegmentDisplay {
    /** Corners of the seven segments a to g in a cell of 10 x 18 units, before they are slanted. */
    private static final double[][] SEGMENTS = {
        {1.3, 0.9, 2.2, 0.0, 7.8, 0.0, 8.7, 0.9, 7.8, 1.8, 2.2, 1.8},
        {9.1, 1.3, 10.0, 2.2, 10.0, 7.7, 9.1, 8.6, 8.2, 7.7, 8.2, 2.2},
        {9.1, 9.4, 10.0, 10.3, 10.0, 15.8, 9.1, 16.7, 8.2, 15.8, 8.2, 10.3},
        {1.3, 17.1, 2.2, 16.2, 7.8, 16.2, 8.7, 17.1, 7.8, 18.0, 2.2, 18.0},
        {0.9, 9.4, 1.8, 10.3, 1.8, 15.8, 0.9, 16.7, 0.0, 15.8, 0.0, 10.3},
        {0.9, 1.3, 1.8, 2.2, 1.8, 7.7, 0.9, 8.6, 0.0, 7.7, 0.0, 2.2},
        {1.3, 9.0, 2.2, 8.1, 7.8, 8.1, 8.7, 9.0, 7.8, 9.9, 2.2, 9.9}};
    private static final String CHARACTERS = "0123456789CFIJOPS";
    /** The lit segments of each character, one bit for each segment; segment a is the lowest bit. */
    private static final int[] LIT = {
        0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f, 0x39, 0x71, 0x06, 0x1e, 0x3f, 0x73, 0x6d};
    private static final int ALL = 0x7f;

    private static final double CELL_HEIGHT = 18;
    private static final double DIGIT_ADVANCE = 13.5;
    private static final double POINT_ADVANCE = 5.5;
    private static final double POINT_RADIUS = 1.15;
    private static final double SLANT = -0.09;

    private final AffineTransform place;
    private final float glowWidth;
    private final Color color;

    /**
     * Creates a line at a place.
     *
     * @param x      left edge
     * @param y      top edge
     * @param height height of a digit
     * @param color  colour of a lit segment
     */
    SegmentDisplay(double x, double y, double height, Color color) {
        double scale = height / CELL_HEIGHT;
        this.place = new AffineTransform(scale, 0, SLANT * scale, scale, x - SLANT * height, y);
        this.glowWidth = (float) (1.7 * scale);
        this.color = color;
    }

    /** Returns the width of a text whose digits have this height. */
    static double width(String text, double height) {
        double units = 0;
        for (int i = 0; i < text.length(); i++) {
            units += advance(text.charAt(i));
        }
        return (units - (DIGIT_ADVANCE - 10)) * height / CELL_HEIGHT;
    }

    /** Draws the segments of a text unlit, for a background. */
    void drawDark(Graphics2D g, String text) {
        g.setColor(alpha(color, 20));
        g.fill(shape(text, true));
    }

    /** Draws a text with its glow. */
    void draw(Graphics2D g, String text) {
        Path2D lit = shape(text, false);
        g.setColor(alpha(color, 50));
        g.setStroke(new BasicStroke(glowWidth, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL));
        g.draw(lit);
        g.setColor(color);
        g.fill(lit);
    }

    static Color alpha(Color color, int alpha) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
    }

    private Path2D shape(String text, boolean all) {
        Path2D shape = new Path2D.Double();
        double x = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ':') {
                addPoint(shape, x, 5.4);
                addPoint(shape, x, 12.6);
            } else if (c == '.') {
                addPoint(shape, x, 18 - POINT_RADIUS);
            } else {
                addDigit(shape, x, all ? ALL : lit(c));
            }
            x += advance(c);
        }
        shape.transform(place);
        return shape;
    }

    private static void addPoint(Path2D shape, double x, double y) {
        double left = x + (POINT_ADVANCE - 3.5) / 2 - POINT_RADIUS;
        shape.append(new Ellipse2D.Double(left, y - POINT_RADIUS, 2 * POINT_RADIUS, 2 * POINT_RADIUS), false);
    }

    private static void addDigit(Path2D shape, double x, int lit) {
        for (int segment = 0; segment < SEGMENTS.length; segment++) {
            if ((lit >> segment & 1) != 0) {
                double[] corners = SEGMENTS[segment];
                shape.moveTo(x + corners[0], corners[1]);
                for (int i = 2; i < corners.length; i += 2) {
                    shape.lineTo(x + corners[i], corners[i + 1]);
                }
                shape.closePath();
            }
        }
    }

    private static int lit(char c) {
        int index = CHARACTERS.indexOf(c);
        return index < 0 ? 0 : LIT[index];
    }

    private static double advance(char c) {
        return c == ':' || c == '.' ? POINT_ADVANCE : DIGIT_ADVANCE;
    }
}
