// Flask-AppBuilder's own pages (lists, forms, filters of records) without jQuery: what its fields need in our looks.
import "./crud/crud.css";
import { dates } from "./crud/dates.js";
import { filters } from "./crud/filters.js";
import { rows } from "./crud/rows.js";
import { selects } from "./crud/selects.js";

export function dress(part) {
  dates(part);
  selects(part);
}

dress(document);
filters(dress);
rows();
