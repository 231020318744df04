"""The models that the flow compares. scikit-learn is needed where they are trained: it is imported there, so that no other task waits for it."""

import numpy

MODELS = ("logistic", "forest")
_SETTINGS = {"logistic": {"logisticregression__C": [0.1, 1, 10]}, "forest": {"n_estimators": [50, 100]}}


def samples():
    """The measurements, one row a wine, and the grower of each."""
    from sklearn.datasets import load_wine

    wine = load_wine()
    return wine.data, wine.target


def folds_of(target, folds):
    """The indices of the rows of each fold."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    return [test.tolist() for _, test in splitter.split(numpy.zeros(len(target)), target)]


def accuracy(name, data, target, fold):
    """The part of the fold that a model trained on the rest tells right."""
    rest = numpy.setdiff1d(numpy.arange(len(target)), fold)
    model = _model(name).fit(data[rest], target[rest])
    return float(model.score(data[fold], target[fold]))


def tuned(name, data, target, folds):
    """The best settings of a model, and its accuracy with them."""
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(_model(name), _SETTINGS[name], cv=folds).fit(data, target)
    return search.best_params_, float(search.best_score_)


def _model(name):
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=30, random_state=0)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
